//! Some random histories with every run of the tests; `cargo xtask chaos --histories N` lives through more.

#[test]
fn nothing_is_missed_made_up_or_wrongly_deleted() {
    if let Err(why) = chaos::history::check(100, 1) {
        panic!("{why}\nagain: cargo xtask chaos --histories 100 --seed 1");
    }
}
