//! Tabi (旅, "journey"): campaigns as code.
//!
//! Text becomes a tree; the tree is checked against a schema and lowered to a program; a machine steps the program; a
//! runtime turns the steps of many people into one history; a simulator does so in an imagined world; a few faces look at
//! it.
//!
//! ```text
//! text/       sources, places, lines                               ground
//! diag/       a diagnostic as data; renderers; the code registry
//! value/      values, money, time, ids, limits: what flows
//!
//! syntax/     text -> tree. Never fails                            front wing: the language
//! schema/     what people, events, messages, channels look like
//! check/      names, types, flow -> diagnostics
//! lower/      checked tree -> program, and the map of its places
//! content/    files of messages -> typed templates in the program
//! lint/       findings over the whole program
//! fmt/        tree -> text, proven by re-parsing
//! compile/    the front wing's only door: sources -> program + diagnostics
//!
//! ir/         the program: plain, versioned, hashable data         the waist
//!
//! link/       a new program over people inside another: both in one
//!
//! machine/    (program, person, input) -> (person', effects)       back wing: the engine
//! ports/      the outside as a few small traits
//! runtime/    one turn after the other: load, step, commit, tell
//! simulate/   a virtual world for the same runtime; timeline tests; reports
//! ingest/     bytes -> typed event, or a reason
//! render/     a message filled in for one person
//!
//! stats/      tests, intervals and sizes of experiments            judging experiments
//! results/    what a journal says of experiments and holdouts
//!
//! store/      the log of inputs and the embedded store                edges: never know each other
//! channels/   email, LINE, SMS, push, webhooks, chat; and paper
//! server/     HTTP: events in, webhooks of providers, pages for people, operation
//!
//! prove/      what holds for every run: bounds, promises            proofs
//! witness/    stories made to order, run before they are told; personas
//!
//! lifetime/   BG/NBD and Gamma–Gamma: what people are likely still to buy
//! report/     the figures of the trade, from purchases and from what journeys did
//! project/    tabi.yaml and the files under it                     faces
//! words/      a program in words, English and Japanese
//! diagram/    a journey as mermaid, JSON, SVG
//! preview/    rendered messages as pages to look at
//! diff/       what changed between two programs, by meaning
//! plan/       what a new version means for those inside the old
//! cover/      what the tests of a project visit
//! mutate/     small faults put into a program, for tests to notice
//! why/        a person's journal replayed: what happened because of what, and what did not
//! cli/        the command line: one file per command
//! ```
//!
//! Doors open downward only: the language does not know how a journey runs, the engine does not know that there is a
//! language, and both know `ir` and `value`. `tests/house.rs` holds the table. The rooms from `text` to `machine` (and
//! `link`, `prove`, `witness`, `stats`, `results`, `words`, `diagram`, `diff`, `plan`, `cover`, `mutate`, `why`) are pure:
//! no clock, no files, no network, no environment, no chance, no threads, no printing, no hash order. `clippy.toml` is
//! their wall. Names are not re-exported here, since re-exports hide cycles.

#![forbid(unsafe_code)]

pub mod channels;
pub mod check;
pub mod cli;
pub mod compile;
pub mod content;
pub mod cover;
pub mod diag;
pub mod diagram;
pub mod diff;
pub mod fmt;
pub mod ingest;
pub mod ir;
pub mod lifetime;
pub mod link;
pub mod lint;
pub mod lower;
pub mod machine;
pub mod mutate;
pub mod plan;
pub mod ports;
pub mod preview;
pub mod project;
pub mod prove;
pub mod render;
pub mod report;
pub mod results;
pub mod runtime;
pub mod schema;
pub mod server;
pub mod simulate;
pub mod stats;
pub mod store;
pub mod syntax;
pub mod text;
pub mod value;
pub mod why;
pub mod witness;
pub mod words;
