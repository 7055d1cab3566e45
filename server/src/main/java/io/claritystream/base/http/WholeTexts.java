package io.claritystream.base.http;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.core.convert.TypeDescriptor;
import org.springframework.core.convert.converter.ConditionalGenericConverter;

/// A parameter that may come several times and comes once is a list of one, whatever it holds:
/// Spring would take a text apart at its commas, and names of metrics have some.
final class WholeTexts implements ConditionalGenericConverter {

  @Override
  public Set<ConvertiblePair> getConvertibleTypes() {
    return Set.of(new ConvertiblePair(String.class, List.class));
  }

  @Override
  public boolean matches(TypeDescriptor source, TypeDescriptor target) {
    TypeDescriptor element = target.getElementTypeDescriptor();
    return element != null && element.getType() == String.class;
  }

  @Override
  public @Nullable Object convert(
      @Nullable Object source, TypeDescriptor sourceType, TypeDescriptor target) {
    return source == null ? null : List.of(source);
  }
}
