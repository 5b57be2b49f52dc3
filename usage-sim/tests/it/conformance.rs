//! Each scenario in memory gives its stated observations: this run is the reference of every driver.

usage_sim::conformance_suite!(usage_sim::conformance::InMemory, futures);
