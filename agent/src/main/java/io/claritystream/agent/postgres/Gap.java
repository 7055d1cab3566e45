package io.claritystream.agent.postgres;

import io.claritystream.protocol.link.GapCause;

/// Changes of a source that were not captured.
///
/// @param id what the platform knows it by
/// @param revision grows with each change of what is known of it
/// @param words what was found, for people
/// @param from all that committed up to here was captured; 0 if that is not known
/// @param to from here on all is captured again; 0 as long as that is not known
/// @param repairedAtUs when a new snapshot was whole, microseconds since 1970; 0 as long as none is
/// @param told the newest revision that the platform has stored
public record Gap(
    String id,
    int revision,
    GapCause cause,
    String words,
    long from,
    long to,
    long noticedAtUs,
    long repairedAtUs,
    int told) {
  boolean open() {
    return repairedAtUs == 0;
  }

  Gap from(long position) {
    return new Gap(id, revision + 1, cause, words, position, to, noticedAtUs, repairedAtUs, told);
  }

  Gap repaired(long position, long atUs) {
    return new Gap(id, revision + 1, cause, words, from, position, noticedAtUs, atUs, told);
  }

  Gap told(int stored) {
    return new Gap(
        id, revision, cause, words, from, to, noticedAtUs, repairedAtUs, Math.max(told, stored));
  }
}
