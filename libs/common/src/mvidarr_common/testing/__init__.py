"""What tests, benches and the demo stand on: private servers, fakes, and ways to wait."""
