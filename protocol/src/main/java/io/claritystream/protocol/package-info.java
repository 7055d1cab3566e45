/// The wire contract between a customer's site and the platform: the gRPC service in
/// `clarity/link/v1/link.proto`, and what its batches carry in [io.claritystream.protocol.block].
/// It depends on nothing of the platform, so that an agent stays small.
@NullMarked
package io.claritystream.protocol;

import org.jspecify.annotations.NullMarked;
