//! Some random histories with every run of the tests; `cargo xtask chaos --histories N` lives through more.

fn live(count: u32, seed: u64) {
    if let Err(why) = chaos::history::check(count, seed, drop) {
        panic!("{why}\nagain: cargo xtask chaos --histories {count} --seed {seed}");
    }
}

#[test]
fn nothing_is_missed_made_up_or_wrongly_deleted() {
    live(60, 1);
}

// The same with other dice, so that two processors have something to do.
#[test]
fn nothing_is_missed_made_up_or_wrongly_deleted_either() {
    live(60, 2);
}
