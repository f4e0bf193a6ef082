# The binary that the tests start is the one that `cargo build` makes.
set shell := ["bash", "-euo", "pipefail", "-c"]

export RUSTDOCFLAGS := "-D warnings"
# Tests mostly wait: six share two cores.
export RUST_TEST_THREADS := env("RUST_TEST_THREADS", "6")

target := env("CARGO_TARGET_DIR", "target")
dist := target / "dist"
loadgen := dist / "loadgen"

# Tests that between them borrow a connection in each way: commands, jobs, reads, HTTP, extensions, the operator.
borrowers := "accounts:: analytics:: deletion:: direct:: extension_databases:: http_api:: life:: links:: " + \
    "membership:: messages:: moderation:: operator:: profiles:: pushes:: search:: socketio_chat:: upgrading::"

# List the recipes
default:
    @just --list

# Format, lints, docs, licences, arrows between the crates, layout and names; examples and template too
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings
    cargo clippy --workspace --test system --locked -- -D warnings
    cargo doc --workspace --no-deps --document-private-items --locked
    {{ target }}/tools/bin/cargo-deny --locked check --hide-inclusion-graph licenses bans sources
    cargo test --workspace --test arrows --test shape --locked
    scripts/extensions check

# Serve on 127.0.0.1:8080 with SQLite in ./data
run *arguments:
    cargo run --release --package parlor -- {{ arguments }}

# Build what is shipped and measured: target/dist/parlor
dist:
    cargo build --profile dist --package parlor --features parlor/jemalloc --locked

# Everything: check, unit tests, the whole system on both databases, web client, browser, Socket.IO clients
test: check unit system (pool-of-one borrowers) extensions web browser socketio

# What is tested is always built for the whole workspace: cargo builds a library anew for each set of features, and
# the set depends on which packages are named.

# Tests beside the code, and those of the binary; what has a database runs on PostgreSQL too
unit:
    cargo test --workspace --locked
    PARLOR_TEST_STORE=postgres cargo test --workspace --lib --locked

# The whole system on SQLite and PostgreSQL
system *filter:
    cargo test --workspace --test system --locked -- {{ filter }}

# The whole system, or the tests named, on SQLite with one connection to the database
pool-of-one *filter="::sqlite":
    PARLOR_TESTS_POOL_MAX=1 cargo test --workspace --test system --locked -- {{ filter }} --skip ::postgres

# The page in a real browser: people chat through a killed server, hostile texts, access, speed
browser:
    cargo build --workspace --bin parlor --locked
    scripts/browser

# Stock Socket.IO clients, npm's and Python's, chat while the server is killed and restarted
socketio:
    cargo build --workspace --bin parlor --locked
    tests/socketio/run.sh

# Make an extension in extensions/NAME, or elsewhere: `just new-extension karma --at ../karma`
[no-cd]
new-extension *arguments:
    {{ justfile_directory() }}/scripts/new-extension {{ arguments }}

# The web client and the page in TypeScript: types, tests, and whether crates/web/dist is what the sources make
web:
    cargo build --workspace --bin parlor --locked
    scripts/web
    scripts/page check

# Build the page into crates/web/dist, which is committed
page:
    scripts/page build

# Pictures of each view of the page in both themes and sizes, into target/screenshots
screenshots:
    cargo build --workspace --bin parlor --locked
    scripts/browser screenshots

# What the page holds in an hour of ten messages a second, or of so many at so many a second: `just page-heap 36000 100`
page-heap *arguments:
    cargo build --workspace --bin parlor --locked
    scripts/browser heap {{ arguments }}

# What teams build on: the examples, a new extension, and every step of docs/extending.md
extensions:
    scripts/extensions test

# Fuzz each parser of what strangers write for ten minutes, or one target for that many seconds: `just fuzz frames 60`
fuzz target="all" seconds="600":
    for target in {{ if target == "all" { "frames commands texts names" } else { target } }}; do \
        scripts/fuzz $target {{ seconds }}; \
    done

# The long cases: kills, socketio, followers, leaks, drain, every fault of docs/faults.md, or those named
torture *cases:
    cargo run --profile dist --package tests --bin torture --locked -- {{ cases }}

# Plan and time of every query in a room of 100,000, or so many members, on both databases
large-rooms members="100000":
    for store in sqlite postgres; do \
        PARLOR_TEST_STORE=$store PARLOR_TEST_LARGE={{ members }} cargo test --locked \
            --package rooms --package sessions --package messaging \
            --lib -- store::plans --nocapture --test-threads 1; \
    done

# What things cost: the hot pieces alone, then Parlor's own figures (`just bench --postgres URL`)
bench *arguments: bench-build
    cargo bench --profile dist --package pieces --bench time --locked
    {{ loadgen }} figures --parlor {{ dist }}/parlor {{ arguments }}

# Parlor and its peers in interleaved rounds, table and plot into docs/benchmarks.md (`--rounds`)
bench-peers *arguments: bench-build
    bench/peers/install
    {{ loadgen }} peers --parlor {{ dist }}/parlor {{ arguments }}

# Whether anything bends as it grows, table and plot into docs/benchmarks.md (`--quick`)
bench-growth *arguments: bench-build
    {{ loadgen }} growth --parlor {{ dist }}/parlor {{ arguments }}

# One load on one server: `just bench-one fanout --help`
bench-one scenario *arguments: bench-build
    {{ loadgen }} {{ scenario }} --parlor {{ dist }}/parlor {{ arguments }}

# How fast the index of search is, and how large: `just bench-search --postgres URL` (of an empty database)
bench-search *arguments:
    cargo run --release --package search --features bench --bin bench-search --locked -- {{ arguments }}

# Instructions of the hot pieces, 5 % above bench/pieces/baseline.toml fails (`--write` updates it)
bench-check *arguments:
    bench/pieces/install
    cargo run --profile dist --package pieces --locked -- check {{ arguments }}

[private]
bench-build:
    cargo build --profile dist --package parlor --features parlor/jemalloc --package loadgen --locked
