//! The emulator as its clients use it: over loopback, through HTTP only.

#[cfg(test)]
mod absences;
#[cfg(test)]
mod applications;
#[cfg(test)]
mod client;
#[cfg(test)]
mod company;
#[cfg(test)]
mod control;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod grammar;
#[cfg(test)]
mod imports;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod mutations;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod request_faults;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod shapes;
#[cfg(test)]
mod writes;
