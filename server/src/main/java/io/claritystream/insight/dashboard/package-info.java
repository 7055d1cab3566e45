/// What people see of their fleet: the read models over HTTP, and what happens now as a stream
/// of events.
///
/// Everything is read as `clarity_tenant` under row-level security. A page costs a few
/// statements, whatever it shows; the newest value of a series is the first row of its primary
/// key from the end. What costs more than a moment is kept for as long as twenty times what it
/// cost, one second at least and a minute at most, a tenant each ([Kept]): fifty people on one
/// overview read it from the database once a second. For three seconds more it is still shown
/// while it is read anew, so that hardly anybody waits.
///
/// *Device states.* The interval that a device is expected to report at is the median gap
/// between its latest minutes, one minute at least. `reporting` until two of them have passed
/// since its last reading, `late` until ten, then `silent`; `never` without any reading. While its
/// source's snapshot is being taken in a device without a reading of now is `loading`, and one of a
/// removed source is `removed`.
///
/// *Sessions* are listed the latest to begin first. A page looks at a bounded number of them
/// ([SessionSearch#SCANNED_MAX]), so it may be short and still have one after it.
///
/// *Ranking of metrics.* Pinned ones first (a person's own), then by the share of devices that
/// reported them in the last day, then by how much they vary: the coefficient of variation of
/// the minutes of the last hour, over [Catalogue#SAMPLE_MAX] devices at most.
///
/// Owns `control.metric_pin`.
@ApplicationModule(
    id = "insight.dashboard",
    allowedDependencies = {
      "base.db",
      "base.http",
      "base.live",
      "base.process",
      "control.identity",
      "stream.source"
    })
@NullMarked
package io.claritystream.insight.dashboard;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
