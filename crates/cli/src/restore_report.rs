//! Messages about a database that was restored from a backup. `store` settles a restore.

use store::Restored;

use crate::output::{counted, stderr_line};

/// The consequences of a restore, as one sentence.
pub(crate) fn in_words(restored: Restored) -> String {
    format!(
        "The change logs of {} continue with unused sequence numbers; {} searched for in Lucca before anything is sent again.",
        counted(restored.accounts, "linked account"),
        match restored.in_doubt {
            1 => "1 absence submission is".to_owned(),
            n => format!("{} are", counted(n, "absence submission")),
        }
    )
}

/// Reports a restore that was detected when the database was opened.
pub(crate) fn report_restore(restored: Restored, place: &impl std::fmt::Display) {
    stderr_line(&format!("{place} was restored from a backup. {} See docs/backup.md.", in_words(restored)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restore_reads_as_text() {
        let text = in_words(Restored { accounts: 2, in_doubt: 1 });
        assert!(text.contains("2 linked accounts") && text.contains("1 absence submission is"), "{text}");
    }
}
