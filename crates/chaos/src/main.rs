//! `chaos --rounds N --seed S [--stop]` and `chaos --histories N --seed S`, as `cargo xtask chaos` starts it:
//! see the library. `chaos child ORDER` is one sync in a process of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chaos::child::Order;
use chaos::history;
use chaos::round::{Failure, round};
use chaos::tally::Tally;
use test_database::Engine;

const USAGE: &str = "usage: chaos [--rounds N] [--histories N] [--seed S] [--stop]
       chaos fleet [--tenants N] [--people N] [--workers N] [--minutes N] [--speed X] [--seed S] [--calm] [--untimed]
                   [--beside CHAOS]
       chaos fleet --backlog [--tenants N] [--people N] [--seed S]
       chaos fleet --embedded BINARY [--tenants N] [--people N] [--minutes N] [--seed S]";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, order] = &arguments[..]
        && word == "child"
    {
        return child(order).await;
    }
    if let [word, order] = &arguments[..]
        && word == "fleet-worker"
    {
        return match chaos::fleet::work(order).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => {
                print_line(&why);
                ExitCode::FAILURE
            }
        };
    }
    if let [word, rest @ ..] = &arguments[..]
        && word == "fleet"
    {
        return match fleet(rest) {
            Some((wanted, FleetMode::Backlog)) => backlog(&wanted).await,
            Some((wanted, FleetMode::Embedded(binary))) => embedded(&wanted, &binary).await,
            Some((wanted, FleetMode::Simulated)) => simulate(&wanted).await,
            None => {
                print_line(USAGE);
                ExitCode::from(2)
            }
        };
    }
    match Arguments::read(&arguments) {
        Some(parsed) => parsed.carry_out().await,
        None => {
            print_line(USAGE);
            ExitCode::from(2)
        }
    }
}

/// What to run on a fleet.
enum FleetMode {
    Simulated,
    Backlog,
    /// Serves the fleet with this `lucca-connector`.
    Embedded(PathBuf),
}

/// Parses the arguments after `fleet`.
fn fleet(arguments: &[String]) -> Option<(chaos::fleet::FleetOptions, FleetMode)> {
    let (mut wanted, mut mode) = (chaos::fleet::FleetOptions::default(), FleetMode::Simulated);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--tenants" => wanted.tenants = arguments.next()?.parse().ok()?,
            "--people" => wanted.people = arguments.next()?.parse().ok()?,
            "--workers" => wanted.workers = arguments.next()?.parse().ok()?,
            "--minutes" => wanted.minutes = arguments.next()?.parse().ok()?,
            "--speed" => wanted.speed = arguments.next()?.parse().ok().filter(|speed| *speed > 0.0)?,
            "--seed" => wanted.seed = arguments.next()?.parse().ok()?,
            "--beside" => wanted.beside = Some(arguments.next()?.into()),
            "--calm" => wanted.chaos = false,
            "--untimed" => wanted.timed = false,
            "--backlog" => mode = FleetMode::Backlog,
            "--embedded" => mode = FleetMode::Embedded(arguments.next()?.into()),
            _ => return None,
        }
    }
    Some((wanted, mode))
}

async fn simulate(wanted: &chaos::fleet::FleetOptions) -> ExitCode {
    match Box::pin(chaos::fleet::simulate(wanted, &print_line)).await {
        Ok(measured) => {
            print_line(&measured.to_string());
            if measured.is_well(wanted.timed) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(why) => {
            print_line(&format!("FAILED: {why}"));
            ExitCode::FAILURE
        }
    }
}

/// Measures one process on SQLite.
async fn embedded(wanted: &chaos::fleet::FleetOptions, binary: &Path) -> ExitCode {
    match Box::pin(chaos::fleet::embedded(wanted, binary, &print_line)).await {
        Ok(taken) => {
            print_line(&taken.to_string());
            ExitCode::SUCCESS
        }
        Err(why) => {
            print_line(&format!("FAILED: {why}"));
            ExitCode::FAILURE
        }
    }
}

/// Measures how fast one, two and four workers are when the same tenants are all due at once. Each count is
/// measured twice, up and then down, so that a machine that slows down or speeds up affects all counts alike.
async fn backlog(wanted: &chaos::fleet::FleetOptions) -> ExitCode {
    let mut took = BTreeMap::<u32, f64>::new();
    for workers in [1, 2, 4, 4, 2, 1] {
        match Box::pin(chaos::fleet::backlog(wanted, workers)).await {
            Ok(span) => {
                print_line(&format!("{workers} workers: {:.1} s", span.as_secs_f64()));
                *took.entry(workers).or_default() += span.as_secs_f64();
            }
            Err(why) => {
                print_line(&format!("FAILED: {why}"));
                return ExitCode::FAILURE;
            }
        }
    }
    let of_one = took.get(&1).copied().unwrap_or_default();
    for (workers, seconds) in took {
        let (rate, ratio) = (f64::from(wanted.tenants) * 2.0 / seconds, of_one / seconds);
        print_line(&format!("{workers} workers: {rate:.1} first syncs a second, {ratio:.2} of one"));
    }
    ExitCode::SUCCESS
}

async fn child(order: &str) -> ExitCode {
    let order: Result<Order, _> = serde_json::from_str(order);
    let outcome = match order {
        Ok(order) => order.carry_out().await,
        Err(error) => Err(error.to_string()),
    };
    match outcome {
        Ok(outcome) => {
            print_line(&outcome.to_string());
            ExitCode::SUCCESS
        }
        Err(why) => {
            print_line(&why);
            ExitCode::FAILURE
        }
    }
}

/// The arguments of rounds and histories.
#[derive(Default)]
struct Arguments {
    rounds: u64,
    histories: u32,
    seed: u64,
    stop: bool,
}

impl Arguments {
    fn read(arguments: &[String]) -> Option<Self> {
        let mut wanted = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--rounds" => wanted.rounds = arguments.next()?.parse().ok()?,
                "--histories" => wanted.histories = arguments.next()?.parse().ok()?,
                "--seed" => wanted.seed = arguments.next()?.parse().ok()?,
                "--stop" => wanted.stop = true,
                _ => return None,
            }
        }
        (wanted.rounds > 0 || wanted.histories > 0).then_some(wanted)
    }

    async fn carry_out(&self) -> ExitCode {
        let mut failed = 0;
        if self.rounds > 0 {
            failed += self.rounds().await;
        }
        if self.histories > 0 {
            let (histories, seed) = (self.histories, self.seed);
            // The property test starts its own runtime for each history.
            let lived = |done| {
                if done % 500 == 0 {
                    print_line(&format!("{done} histories"));
                }
            };
            let outcome = tokio::task::spawn_blocking(move || history::check(histories, seed, lived)).await;
            match outcome.map_err(|error| error.to_string()).and_then(|outcome| outcome) {
                Ok(summary) => print_line(&summary),
                Err(why) => {
                    print_line(&format!(
                        "FAILED: {why}\nagain: cargo xtask chaos --histories {histories} --seed {seed}"
                    ));
                    failed += 1;
                }
            }
        }
        if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// Runs the rounds, alternating engines, and returns how many failed.
    async fn rounds(&self) -> u64 {
        let engines = Engine::available();
        let mut tally = Tally::default();
        let mut failed = 0;
        for n in 0..self.rounds {
            let seed = self.seed + n;
            // The seed selects the engine, so that a round repeated alone gets the same one.
            let engine = engines[usize::try_from(seed).unwrap_or(0) % engines.len()];
            match round(seed, engine).await {
                Ok(done) => tally.add(done),
                Err(Failure { why, steps }) => {
                    failed += 1;
                    print_line(&format!("FAILED: seed {seed}, {engine:?}"));
                    steps.iter().for_each(|step| print_line(&format!("  {step}")));
                    print_line(&format!("{why}\nagain: cargo xtask chaos --rounds 1 --seed {seed}\n"));
                    if self.stop {
                        break;
                    }
                }
            }
            if (n + 1) % 50 == 0 {
                print_line(&format!("{} rounds, {} kills, {failed} failed", n + 1, tally.kills()));
            }
        }
        print_line(&summary(&tally, failed));
        failed
    }
}

fn summary(tally: &Tally, failed: u64) -> String {
    let points = |is_sqlite| tally.points.iter().filter(|(sqlite, _)| *sqlite == is_sqlite).count();
    format!(
        "{} rounds passed, {failed} failed: {} syncs, {} of them resumed an interrupted one\nkilled: {} \
         before a commit (points of a first sync: {} on SQLite, {} on PostgreSQL), {} after a page, {} at a \
         random instant; paused, replaced and refused: {}\n{} events; {} requests, {} of them failed; {} \
         changes logged; {} holds released by the administrator; {} records moved out of the key's view and \
         were logged as deleted",
        tally.rounds,
        tally.runs,
        tally.resumed,
        tally.killed_before_commit,
        points(true),
        points(false),
        tally.killed_after_page,
        tally.killed_at_random,
        tally.fenced,
        tally.events,
        tally.requests,
        tally.failed_requests,
        tally.changes,
        tally.released,
        tally.left,
    )
}

#[expect(clippy::print_stdout, reason = "a command-line tool")]
fn print_line(line: &str) {
    println!("{line}");
}
