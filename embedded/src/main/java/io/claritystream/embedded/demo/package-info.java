/// A believable customer: the database of *Northgate Bottling*, three sites and sixty machines, and
/// the simulator that writes it. {@link io.claritystream.embedded.demo.Plant} is its program.
///
/// **It is a customer.** It knows nothing of the platform; it makes tables as an integrator would,
/// and rows as machines, operators and the production system would. What the platform shows of it
/// has come the way of any customer's rows.
///
/// **A reading is a function** of the seed, the machine and the time: weather, calendar, faults and
/// noise are all computed from these, never drawn from a running generator. So the same moment
/// gives the same reading however often the simulator was started, and a test can ask for any of
/// them. Only counters (bottles, energy) are folded, from what the machine's newest row says.
///
/// **Time.** History is one reading a minute. Live, each machine writes one every few seconds, at
/// its own offset. Whoever was away (a machine that lost its network, the whole simulator) hands in
/// one reading a minute of the time that it missed, at most a day's.
@NullMarked
package io.claritystream.embedded.demo;

import org.jspecify.annotations.NullMarked;
