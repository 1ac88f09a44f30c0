//! Remote work that is booked on a leave account without Lucca's flag.

use lucca_emulator::{FaultKind, Switches};
use people::LeaveType;
use sync::{RunExtent, RunReport};

use crate::support::{App, app, fault};

const REMOTE: &str = "34";

async fn flag(app: &App) -> Option<bool> {
    let leave_types = app.all::<LeaveType>().await;
    leave_types.iter().find(|one| one.id.as_str() == REMOTE).unwrap().is_remote_work
}

fn hints(report: &RunReport) -> usize {
    let notes = report.streams.iter().flat_map(|stream| &stream.notes);
    notes.filter(|note| note.contains("--remote-work 34")).count()
}

#[tokio::test]
async fn unflagged_remote_work_counts_if_configured() {
    // With the list of leave types, and with names from absences only.
    for has_list in [true, false] {
        let mut app = app(60, Switches { remote_work_flag: false, ..Switches::default() }).await;
        if !has_list {
            app.emulator.tenant().set_faults(vec![fault(
                "/api/v3/leaveAccounts",
                FaultKind::Status { code: 404, body: String::new() },
            )]);
        }
        assert_eq!(hints(&app.sync().await), 1, "list {has_list}");
        assert_ne!(flag(&app).await, Some(true));
        for setting in ["télétravail ", REMOTE] {
            app.account.settings.remote_work_leave_types = vec![setting.to_owned()];
            let report = app.sync_with(RunExtent::Now, None).await;
            assert_eq!((flag(&app).await, hints(&report)), (Some(true), 0), "{setting}, list {has_list}");
            app.sync().await;
            assert_eq!(flag(&app).await, Some(true));
        }
        app.account.settings.remote_work_leave_types.clear();
        app.sync_with(RunExtent::Now, None).await;
        assert_ne!(flag(&app).await, Some(true));
    }
}
