//! The ways out: environments of `tabi.yaml`, and each channel against a server that acts as the provider.
//!
//! Every server listens on this machine; nothing leaves it.

#[path = "wires/environments.rs"]
mod environments;
