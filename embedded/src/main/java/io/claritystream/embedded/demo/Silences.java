package io.claritystream.embedded.demo;

import java.util.List;

/// When machines lose their network: at each site one in each hour, for some minutes. What it
/// measured meanwhile comes afterwards, at one reading a minute.
final class Silences {
  private static final long SLOT_S = 3_600;
  private static final long SITE_SHIFT_S = 1_200;
  private static final int STREAM = 30_000;

  private final Noise noise;
  private final Fleet fleet;

  Silences(Noise noise, Fleet fleet) {
    this.noise = noise;
    this.fleet = fleet;
  }

  boolean silent(Machine machine, long second) {
    Site site = machine.site();
    long shifted = second + site.id() * SITE_SHIFT_S;
    long id = Math.floorDiv(shifted, SLOT_S) * 8 + site.id();
    List<Machine> machines = fleet.machines();
    int perSite = machines.size() / fleet.sites().size();
    int chosen = (site.id() - 1) * perSite + noise.below(perSite, STREAM, id);
    if (machines.get(chosen).id() != machine.id()) {
      return false;
    }
    long begins = 60L * noise.below(30, STREAM + 1, id);
    long lasts = 60L * (4 + noise.below(19, STREAM + 2, id));
    long inSlot = Math.floorMod(shifted, SLOT_S);
    return inSlot >= begins && inSlot < begins + lasts;
  }
}
