//! Times each piece: `cargo bench --package pieces`.

use divan::counter::ItemsCount;
use pieces::{PIECES, Piece};
use std::cell::RefCell;

#[divan::bench(args = PIECES, sample_count = 50, sample_size = 1)]
fn pieces(bencher: divan::Bencher, piece: &Piece) {
    let round = RefCell::new(piece.prepare());
    bencher
        .counter(ItemsCount::new(piece.units))
        .with_inputs(|| round.borrow_mut().add_input())
        .bench_local_values(|()| round.borrow_mut().run());
}

fn main() {
    divan::main();
}
