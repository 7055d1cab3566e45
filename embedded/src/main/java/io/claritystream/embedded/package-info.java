/// Real PostgreSQL and Kafka on this machine, for the default run and for tests.
///
/// PostgreSQL is the unpacked official build with `fsync` on, Kafka a KRaft broker in a JVM of its
/// own. Both are child processes that the kernel ends when their parent dies, however it dies
/// ({@link io.claritystream.embedded.Child}); both recover from `kill -9`. Tests use
/// {@link io.claritystream.embedded.TestPostgres} and {@link io.claritystream.embedded.TestKafka}.
@NullMarked
package io.claritystream.embedded;

import org.jspecify.annotations.NullMarked;
