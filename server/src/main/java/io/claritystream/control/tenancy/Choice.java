package io.claritystream.control.tenancy;

import java.util.List;

/// One of the values that a fact of a tenant may have, with its name for people. Rollups are broken
/// down by these, so they are a closed list.
public record Choice(String id, String name) {

  public static final List<Choice> INDUSTRIES =
      List.of(
          new Choice("automotive", "Automotive"),
          new Choice("chemicals", "Chemicals"),
          new Choice("construction", "Construction and equipment"),
          new Choice("energy", "Energy and utilities"),
          new Choice("food-and-beverage", "Food and beverage"),
          new Choice("logistics", "Logistics and fleets"),
          new Choice("machinery", "Machinery"),
          new Choice("metals-and-mining", "Metals and mining"),
          new Choice("oil-and-gas", "Oil and gas"),
          new Choice("pharmaceuticals", "Pharmaceuticals"),
          new Choice("pulp-and-paper", "Pulp and paper"),
          new Choice("semiconductors", "Semiconductors and electronics"),
          new Choice("water", "Water and wastewater"),
          new Choice("other", "Other"));

  public static final List<Choice> REGIONS =
      List.of(
          new Choice("eu-west", "Europe, west"),
          new Choice("eu-central", "Europe, central"),
          new Choice("eu-north", "Europe, north"),
          new Choice("uk", "United Kingdom"),
          new Choice("us-east", "United States, east"),
          new Choice("us-central", "United States, central"),
          new Choice("us-west", "United States, west"),
          new Choice("ca", "Canada"),
          new Choice("latam", "Latin America"),
          new Choice("mea", "Middle East and Africa"),
          new Choice("in", "India"),
          new Choice("ap-east", "Asia-Pacific, east"),
          new Choice("ap-south", "Asia-Pacific, south"));

  public static boolean isOne(List<Choice> choices, String id) {
    return choices.stream().anyMatch(choice -> choice.id().equals(id));
  }
}
