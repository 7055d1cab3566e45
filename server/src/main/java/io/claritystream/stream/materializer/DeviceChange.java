package io.claritystream.stream.materializer;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What a batch says of one device.
final class DeviceChange {
  final Device device;

  /// The table and the number of the first row in the batch that names it.
  final String firstTable;

  final long firstSeq;

  /// The site that readings gave it last, before its own row if that is in the batch.
  @Nullable UUID namedSiteId;

  /// The row of its own table, if the batch has one.
  @Nullable EntityChange description;

  /// Whether its own row says where it is, be it nowhere.
  boolean siteDescribed;

  @Nullable UUID describedSiteId;
  String describedName = "";
  String describedKind = "";

  DeviceChange(Device device, String firstTable, long firstSeq) {
    this.device = device;
    this.firstTable = firstTable;
    this.firstSeq = firstSeq;
  }
}
