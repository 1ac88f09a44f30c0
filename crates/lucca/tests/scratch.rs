#![expect(clippy::disallowed_methods, missing_docs, reason = "scratch")]
use std::io::{Read, Write};
use std::time::Instant;
use lucca::{ApiKey, Client, HostPolicy, TenantUrl, UserQuery, RequestBudget};
#[test]
fn speed() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let template = serde_json::json!({"id":0,"name":"Camille Lefèvre","displayName":"Lefèvre Camille","firstName":"Camille","lastName":"Lefèvre","login":"clefevre","mail":"camille.lefevre@acme.example","employeeNumber":"00057","civilTitle":"Mme","gender":"Female","jobTitle":"Ingénieure logiciel","modifiedAt":"2025-06-01T10:20:06.583","dtContractStart":"2014-09-01T00:00:00","dtContractEnd":null,"seniorityDate":"2014-09-01T00:00:00","birthDate":"1989-12-22T00:00:00","legalEntityID":1,"legalEntity":{"id":1,"name":"Acme France"},"departmentID":13,"department":{"id":13,"name":"BU Produit"},"managerID":383,"manager":{"id":383,"name":"Roger Smith"},"calendar":{"id":1,"name":"Jours fériés en France"},"culture":{"id":1036,"name":"français (France)"},"rolePrincipal":{"id":55,"name":"User"},"habilitedRoles":[{"id":59,"name":"Employee +"}],"userWorkCycles":[{"id":288,"workCycleID":6,"startsOn":"1900-01-01T00:00:00","endsOn":"9999-12-31T00:00:00"}],"extendedData":{"e_size":{"id":12,"value":"M"}},"csp":{"id":0,"name":"Cadre"}}).to_string();
    println!("record {} bytes", template.len());
    std::thread::spawn(move || {
        for c in listener.incoming() {
            let mut c = c.unwrap();
            let template = template.clone();
            std::thread::spawn(move || loop {
                let mut buf = vec![0; 8192];
                let n = c.read(&mut buf).unwrap_or(0);
                if n == 0 { return; }
                let text = String::from_utf8_lossy(&buf[..n]).into_owned();
                let offset: usize = text.split("paging=").nth(1).unwrap().split(',').next().unwrap().parse().unwrap();
                let items: Vec<String> = (offset..offset + 1000).map(|i| template.replacen("\"id\":0,\"jobTitle", &format!("\"id\":{i},\"jobTitle"), 1)).collect();
                let body = format!("{{\"data\":{{\"items\":[{}],\"count\":100000}}}}", items.join(","));
                let _ = c.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).as_bytes());
            });
        }
    });
    let client = Client::builder(TenantUrl::parse(&url, HostPolicy::AllowLoopback).unwrap(), ApiKey::parse("f3a1c0de-1234-4abc-8def-0123456789ab").unwrap())
        .budget(std::sync::Arc::new(RequestBudget::unlimited())).build().unwrap();
    let rt = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    rt.block_on(async {
        let mut users = client.users(UserQuery::default());
        let began = Instant::now();
        let mut n = 0;
        let cpu = || { let s = std::fs::read_to_string("/proc/thread-self/stat").unwrap(); let v: Vec<&str> = s.rsplit(')').next().unwrap().split(' ').collect(); v[12].parse::<u64>().unwrap() + v[13].parse::<u64>().unwrap() };
        let c0 = cpu();
        while let Some(p) = users.next_page().await.unwrap() { n += p.items.len(); assert!(p.items.iter().all(|i| i.outcome.is_ok())); }
        println!("{n} users, wall {:?}, client thread cpu {} ms, {}", began.elapsed(), (cpu() - c0) * 10, users.proof());
        println!("{}", std::fs::read_to_string("/proc/self/status").unwrap().lines().filter(|l| l.starts_with("VmHWM")).collect::<String>());
    });
}
