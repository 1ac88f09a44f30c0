//! Child processes from the parent's side: started, killed at an instant, awaited while they are stopped.
//!
//! Only this module waits for other programs in real time.

use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::child::Order;

/// Maximum duration of a sync of a small tenant; a longer one hangs.
const LONGEST: Duration = Duration::from_secs(120);

/// How a child process ended.
#[derive(Debug)]
pub(crate) enum Exit {
    /// The process exited by itself and printed this.
    Finished(Value),
    /// SIGKILL ended it.
    Killed,
}

/// A running child process.
pub(crate) struct Process {
    child: Child,
    reader: Option<std::thread::JoinHandle<String>>,
}

impl Process {
    pub(crate) fn start(order: &Order) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("could not start a child process: {error}");
        let order = serde_json::to_string(order).map_err(|error| error.to_string())?;
        let mut child = Command::new(std::env::current_exe().map_err(failed)?)
            .args(["child", &order])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let mut stdout = child.stdout.take().ok_or("a child process has no output")?;
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            // A killed process may leave its output unfinished.
            let _ = stdout.read_to_string(&mut text);
            text
        });
        Ok(Self { child, reader: Some(reader) })
    }

    /// Waits until the process exits, and kills it after `kill_after`.
    pub(crate) fn wait(&mut self, kill_after: Option<Duration>) -> Result<(Exit, Duration), String> {
        let began = now();
        let status = loop {
            if let Some(status) = self.child.try_wait().map_err(|error| error.to_string())? {
                break status;
            }
            let passed = now().duration_since(began);
            if kill_after.is_some_and(|after| passed >= after) || passed > LONGEST {
                // The process may have exited just now.
                let _ = self.child.kill();
            }
            if passed > LONGEST {
                let _ = self.child.wait();
                return Err(format!("a sync did not end within {} s", LONGEST.as_secs()));
            }
            pause(Duration::from_micros(500));
        };
        let took = now().duration_since(began);
        let text = self.reader.take().and_then(|reader| reader.join().ok()).unwrap_or_default();
        if status.signal() == Some(Signal::KILL.as_raw()) {
            return Ok((Exit::Killed, took));
        }
        match text.lines().last().map(serde_json::from_str) {
            Some(Ok(outcome)) if status.success() => Ok((Exit::Finished(outcome), took)),
            _ => Err(format!("a child process ended with {status}: {text}")),
        }
    }

    /// Waits until the process has stopped itself; returns false if it exited instead.
    pub(crate) fn wait_until_stopped(&mut self) -> Result<bool, String> {
        let began = now();
        let path = format!("/proc/{}/stat", self.child.id());
        while now().duration_since(began) < LONGEST {
            if self.child.try_wait().map_err(|error| error.to_string())?.is_some() {
                return Ok(false);
            }
            let stat = std::fs::read_to_string(&path).unwrap_or_default();
            // The second field is the program's name in parentheses.
            if stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('T')) {
                return Ok(true);
            }
            pause(Duration::from_micros(500));
        }
        Err("a child process neither stopped nor exited".to_owned())
    }

    /// Resumes the stopped process.
    pub(crate) fn resume(&self) -> Result<(), String> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).ok_or("no process id")?;
        kill_process(pid, Signal::CONT).map_err(|error| error.to_string())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "other processes run in real time")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "another process is waited for")]
fn pause(duration: Duration) {
    std::thread::sleep(duration);
}
