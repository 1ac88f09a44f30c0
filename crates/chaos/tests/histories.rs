//! Some random histories in every test run; `cargo xtask chaos --histories N` runs more.

fn live(count: u32, seed: u64) {
    if let Err(why) = chaos::history::check(count, seed, drop) {
        panic!("{why}\nagain: cargo xtask chaos --histories {count} --seed {seed}");
    }
}

#[test]
fn nothing_is_missed_made_up_or_wrongly_deleted() {
    live(60, 1);
}

// The same with another seed, so that two cores have work.
#[test]
fn nothing_is_missed_made_up_or_wrongly_deleted_either() {
    live(60, 2);
}
