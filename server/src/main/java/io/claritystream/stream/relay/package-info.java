/// What the processes of one platform tell each other: ingest in one of them commits what an open
/// page, or an agent's stream, in another waits for.
///
/// | told | when | by whom it is taken |
/// |---|---|---|
/// | *watching*: tenants that have open pages here | all of them every 2 s, and at once those that
/// had none before | all: for 6 s they tell what concerns those tenants |
/// | *readings*, *source*, *read again* | as [LiveHub] is told, for tenants that are watched
/// elsewhere | the hubs of the others |
/// | *missing* | ingest misses events of a source | the gateway that has its stream asks the agent
/// again, instead of after ten seconds without progress |
///
/// Where nobody watches elsewhere, nothing is told. All of it is a short cut, and none of it a
/// record: what is durable stands in the database, where every gateway looks five times a second;
/// and a process that could not hear the others for a while, or could not tell them something, has
/// their pages read again.
///
/// Owns no tables.
@ApplicationModule(
    id = "stream.relay",
    allowedDependencies = {"base.db", "base.live", "base.process", "stream.bus", "stream.source"})
@NullMarked
package io.claritystream.stream.relay;

import io.claritystream.base.live.LiveHub;
import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
