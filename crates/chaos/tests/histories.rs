//! Some random histories in every test run; `cargo xtask chaos --histories N` runs more.

fn live(count: u32, seed: u64) {
    if let Err(why) = chaos::history::check(count, seed, drop) {
        panic!("{why}\nagain: cargo xtask chaos --histories {count} --seed {seed}");
    }
}

#[test]
fn change_log_matches_histories_of_seed_1() {
    live(60, 1);
}

// The same with another seed, so that two cores have work.
#[test]
fn change_log_matches_histories_of_seed_2() {
    live(60, 2);
}
