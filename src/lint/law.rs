//! Consent, law and habits: all checks of messages, offers, personal data and actions, one after the other.
//!
//! Checks nothing itself.

use super::Input;
use super::{actions, broadcast, consent, deadline, let_go, manners, offers, opens, personal, reviews, secrets, view};
use crate::diag::Diagnostic;

pub fn lint(input: Input<'_>, found: &mut Vec<Diagnostic>) {
    let views = view::views(input);
    consent::declared_offers(input, found);
    secrets::secrets(input, found);
    actions::repeatable(input, &views, found);
    for view in &views {
        consent::consent(view, found);
        consent::carried_offers(view, found);
        manners::manners(view, found);
        deadline::deadline(view, found);
        offers::first_word_about_a_cart(view, found);
        offers::nothing_but_price(view, found);
        offers::balance(view, found);
        broadcast::broadcast(view, found);
        let_go::let_go(view, found);
        opens::opens(view, found);
        reviews::rewarded_reviews(view, found);
        personal::personal(view, found);
        actions::untold_grants(view, found);
    }
}
