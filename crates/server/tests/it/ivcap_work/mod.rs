//! IVCAP: services, orders and jobs that really run, artifacts and their upload.

mod artifacts;
mod broken;
mod history;
mod hostile;
mod jobs;
mod orders;
mod packages;
mod restart;
mod services;
mod sidecar;
mod uploads;
mod world;
