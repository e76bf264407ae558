//! One toolkit for five cloud-service APIs: async clients, and a local server that speaks them.
