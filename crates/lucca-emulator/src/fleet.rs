//! Many tenants on one port: each has an address of its own in 127.0.0.0/8, which belongs to this machine
//! alone. For tests with thousands of tenants, each at its own address like a vendor's customers.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::http::Response;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::civil::Date;
use tokio::task::JoinHandle;
use tower::ServiceExt as _;

use crate::{
    clock::{TenantClock, instant},
    company,
    emulator::EmulatorError,
    rights::KeyConfig,
    server,
    switches::Switches,
    tenant::Tenant,
};

/// Running tenants; they end when this is dropped.
#[derive(Debug)]
pub struct Fleet {
    tenants: Arc<[One]>,
    key: String,
    port: u16,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct One {
    tenant: Tenant,
    /// Times of its requests, in milliseconds since the fleet started.
    asked: Mutex<Vec<u64>>,
}

impl Fleet {
    /// Builds `count` tenants of `employees` people each, all different and all with the same key, and starts
    /// listening. They have no rate limit: [`Self::asked`] returns the times of each tenant's requests.
    ///
    /// # Errors
    ///
    /// When no address can be listened on.
    pub async fn start(count: u16, employees: u32, seed: u64, today: Date) -> Result<Self, EmulatorError> {
        // All addresses, because each tenant has its own; connections to any other address are dropped.
        let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let failed = |source| EmulatorError::Listen { address: any, source };
        let listener = tokio::net::TcpListener::bind(any).await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let key = KeyConfig::full(seed);
        let keys = vec![key.clone()];
        let built = tokio::task::spawn_blocking(move || {
            let one = |n: u16| {
                let seed = seed.wrapping_add(u64::from(n));
                let company = company::build(employees, seed, today);
                let switches = Switches { rate_limit: None, ..Switches::default() };
                let tenant =
                    Tenant::new(company, seed, TenantClock::new(today, false), switches, keys.clone());
                One { tenant, asked: Mutex::default() }
            };
            (0..count).map(one).collect::<Arc<[One]>>()
        });
        let tenants = built.await.map_err(|_| EmulatorError::Interrupted)?;
        let task = tokio::spawn(answer(listener, Arc::clone(&tenants)));
        Ok(Self { tenants, key: key.key, port, task })
    }

    /// Number of tenants.
    pub fn len(&self) -> usize {
        self.tenants.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tenants.is_empty()
    }

    /// A tenant, for reading and changing it.
    pub fn tenant(&self, n: usize) -> Option<Tenant> {
        self.tenants.get(n).map(|one| one.tenant.clone())
    }

    /// URL of a tenant's API.
    pub fn url(&self, n: u16) -> String {
        format!("http://{}:{}", address(n), self.port)
    }

    /// The key of all tenants.
    pub fn api_key(&self) -> &str {
        &self.key
    }

    /// Times of a tenant's requests, in milliseconds since the fleet started; in order.
    pub fn asked(&self, n: usize) -> Vec<u64> {
        let asked =
            self.tenants.get(n).map(|one| one.asked.lock().unwrap_or_else(PoisonError::into_inner).clone());
        asked.unwrap_or_default()
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A tenant's own address: 127.1.0.0 and on.
fn address(n: u16) -> Ipv4Addr {
    let [high, low] = n.to_be_bytes();
    Ipv4Addr::new(127, 1, high, low)
}

fn number(address: IpAddr) -> Option<usize> {
    match address {
        IpAddr::V4(address) => match address.octets() {
            [127, 1, high, low] => Some(usize::from(u16::from_be_bytes([high, low]))),
            _ => None,
        },
        IpAddr::V6(_) => None,
    }
}

async fn answer(listener: tokio::net::TcpListener, tenants: Arc<[One]>) {
    let began: Instant = instant();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let Some(n) = stream.local_addr().ok().and_then(|at| number(at.ip())) else { continue };
        let Some(one) = tenants.get(n) else { continue };
        let _ = stream.set_nodelay(true);
        let (router, tenants) = (server::api(one.tenant.clone()), Arc::clone(&tenants));
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            if let Some(one) = tenants.get(n) {
                let at = u64::try_from(instant().duration_since(began).as_millis()).unwrap_or(u64::MAX);
                one.asked.lock().unwrap_or_else(PoisonError::into_inner).push(at);
            }
            let router = router.clone();
            async move {
                let answer: Result<Response<axum::body::Body>, std::convert::Infallible> =
                    router.oneshot(request.map(axum::body::Body::new)).await;
                answer
            }
        });
        tokio::spawn(async move {
            let io = TokioIo::new(stream);
            // The client of a failed connection has already noticed the failure.
            let _ = http1::Builder::new().timer(TokioTimer::new()).serve_connection(io, service).await;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tenant_has_an_address_of_its_own() {
        for n in [0, 1, 255, 256, 9_999, u16::MAX] {
            assert_eq!(number(IpAddr::V4(address(n))), Some(usize::from(n)));
        }
        assert_eq!(number(IpAddr::V4(Ipv4Addr::LOCALHOST)), None);
    }
}
