/// Real PostgreSQL and Kafka on this machine, and the supervisor behind `./clarity up`.
@NullMarked
package io.claritystream.embedded;

import org.jspecify.annotations.NullMarked;
