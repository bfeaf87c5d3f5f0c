//! The server against clients it did not choose: Segment's own SDKs, mail programs, scanners, and whoever means harm.
//!
//! Behind it stands a desk that only writes down what it was handed; the engine has its own tests.

mod server {
    pub mod admin;
    pub mod commands;
    pub mod desk;
    pub mod documented;
    pub mod hostile;
    pub mod ingest;
    pub mod logs;
    pub mod memory;
    pub mod pages;
    pub mod sdks;
    pub mod world;
}
