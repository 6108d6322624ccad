// What differs between any two images, whatever way led from one to the other: for a node that takes over a snapshot.
#pragma once

#include "jackdaw/metadata/image_builder.hpp"

namespace jackdaw::metadata {

// The delta that a builder would have given for the records between the two. Looks at everything that isn't the same
// object in both, so it is for rare occasions: what one record changes is known without it. Any thread.
delta difference(image_ptr before, image_ptr after);

}  // namespace jackdaw::metadata
