//! The scenarios against what they state: the run in memory is the reference of every driver.

usage_sim::conformance_suite!(usage_sim::conformance::InMemory, futures);
