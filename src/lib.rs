//! Keepopen: a self-hosted reader-contribution service for newsrooms.
//!
//! `docs/architecture.md` describes the modules and their layers. Each group below is one layer, in the same order.

pub mod clock;
pub mod csv;
pub mod ids;
pub mod money;
pub mod telemetry;

pub mod config;
pub mod limits;

pub mod sites;

pub mod appeals;
pub mod contributions;
pub mod supporters;

pub mod simulation;

pub mod keys;

pub mod store;
pub mod stripe;

pub mod app;

pub mod reports;

pub mod actions;

pub mod web;

pub mod api;
pub mod cli;
pub mod jobs;
pub mod management;
