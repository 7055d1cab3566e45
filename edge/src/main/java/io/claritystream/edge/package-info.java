/// The secure edge: ends the agents' mutual TLS and relays their frames to the gateway.
@NullMarked
package io.claritystream.edge;

import org.jspecify.annotations.NullMarked;
