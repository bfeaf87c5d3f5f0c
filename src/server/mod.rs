//! HTTP: events that come in, webhooks of providers, pages for people, and the door for those who operate it.
//!
//! Decides nothing about journeys: it hands in what was said and waits until that is durable.
