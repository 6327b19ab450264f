#pragma once

#include <polygraph/core/tensor.h>

#include <set>
#include <string>

namespace polygraph::compare {

/// Fits inputs that were made or read for one runner to what another one asks for: names are matched exactly,
/// else, if no other input claims it, by position; a tensor of another type is cast if every value survives
/// that; one of another shape with as many elements is reshaped where open dimensions leave one way only.
///
/// @param warned  Remembers what was said, so that each change is warned about once.
/// Throws InputError, naming the input and both types or shapes, if that does not fit.
FeedDict adapt_feed(const FeedDict& feed, const TensorMetadata& inputs, const std::string& runner,
                    std::set<std::string>& warned);

}  // namespace polygraph::compare
