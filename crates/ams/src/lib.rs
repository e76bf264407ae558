//! Client for the ARGO Messaging Service (AMS).
