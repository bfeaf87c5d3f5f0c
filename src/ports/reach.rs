//! Which addresses of the internet protocol are everybody's, and which lead into this machine or its own networks.
//!
//! Looks up no name. The special ranges are those of IANA's registries (RFC 6890 and what was added since).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is of the public internet: not this machine, no private or link-local network (where clouds keep
/// the credentials of a machine), no range set aside. Addresses of version 4 inside ones of version 6 are looked at too.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let set_aside = match (a, b, c) {
        // "This network"; carriers' shared addresses; protocol assignments; benchmarks.
        (0, _, _) | (100, 64..=127, _) | (192, 0, 0) | (198, 18..=19, _) => true,
        // Multicast, reserved, broadcast.
        (224.., _, _) => true,
        // The former relays of 6to4.
        (192, 88, 99) => true,
        _ => false,
    };
    !(set_aside
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_documentation())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let inner = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        // Mapped addresses, and those translated by the well-known prefix (RFC 6052).
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => inner(high, low),
        // 6to4 holds its address of version 4.
        [0x2002, high, low, ..] => inner(high, low),
        // Teredo and other protocols; documentation, twice.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // Only these are given out as global unicast.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}
