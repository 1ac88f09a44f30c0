//! The name under which this process holds a linked account's lease, and a check whether another holder's
//! process has ended: a killed process releases no lease, and the next sync need not wait for it to expire.

use std::fs;
use std::path::Path;

/// This machine, this process, and its start: process ids are reused.
pub(crate) fn this_process() -> String {
    let pid = std::process::id();
    format!("{} {pid} {}", machine(), began(pid).unwrap_or_default())
}

/// Whether a holder was a process of this machine that has ended. Holders on other machines never count as
/// ended.
pub(crate) fn has_ended(holder: &str) -> bool {
    let mut parts = holder.splitn(3, ' ');
    let (Some(on), Some(pid), Some(began_then)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let Ok(pid) = pid.parse() else { return false };
    // Without /proc, this is unknown too.
    on == machine()
        && !began_then.is_empty()
        && Path::new("/proc/self").exists()
        && began(pid).as_deref() != Some(began_then)
}

/// The machine's name and boot id: process ids are unique only within one boot.
fn machine() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default().trim().replace(' ', "-");
    format!("{}/{}", read("/proc/sys/kernel/hostname"), read("/proc/sys/kernel/random/boot_id"))
}

/// When a process began, in ticks since boot; none if it does not exist or is a zombie.
fn began(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses and may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let is_zombie = fields.next()? == "Z";
    if is_zombie { None } else { fields.nth(18).map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reused_process_id_counts_as_ended() {
        let us = this_process();
        assert!(!has_ended(&us));
        let (rest, _) = us.rsplit_once(' ').unwrap();
        assert!(has_ended(&format!("{rest} 1")));
        assert!(!has_ended("another-machine 1 1"));
        assert!(!has_ended("nonsense"));
    }
}
