package io.claritystream.stream.source;

/// Events that reached the platform and are missing in it for good: bronze refused them, or nobody
/// could read the batch that they came in. Nothing mends that but what empties or reads a table
/// again, so as long as no person has dismissed their letters, no table is exact of which they
/// may be.
final class MissingEvents {
  /// The letters `l` whose events matter to what `live`, the model that is shown, holds of the
  /// known table `v`: those of the table, or of nobody knows which, that came after it was emptied
  /// last and not before the model. Where deleted rows stay, all that ever was matters. What the
  /// model says of the table, `n`, and what people have chosen for it, `o`, may be absent: of a
  /// table of which nothing could ever be stored a model that was built anew has nothing to say.
  ///
  /// They are found by one range of their index, as there may be thousands, and a thousand tables
  /// that ask for them.
  static final String OF_TABLE =
      """
      FROM control.dead_letter l
      WHERE l.source_id = live.source_id AND l.cause IN ('not_in_bronze', 'batch_corrupt')
        AND (l.table_name IS NULL OR l.table_name = v.table_name)
        AND l.seq_ordinal > greatest(n.emptied_seq,
          CASE coalesce(n.on_delete, o.on_delete) WHEN 'keep' THEN 0
            ELSE (CAST(live.first_epoch AS bigint) << 40) + live.first_seq - 1 END)
      """;

  private MissingEvents() {}
}
