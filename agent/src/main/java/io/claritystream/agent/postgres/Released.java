package io.claritystream.agent.postgres;

/// How far the events are safe, so that the source need not keep them for us.
public interface Released {
  /// The last safe number.
  long seq();

  /// From where the source must be able to go on: the end of the last whole transaction that is
  /// safe; 0 if that is not known.
  long position();

  /// The last number that is durable on the platform.
  long durableSeq();

  /// Where the source's log stands behind all that is durable on the platform; 0 if that is not
  /// known. Never less than it was when [#durableSeq()] was asked for before.
  long durablePosition();

  /// Whether safe means durable on the platform. Otherwise it means in the agent's own spool.
  boolean durable();
}
