// Highway's protocol of hwy/foreach_target.h: a flip opens the guards of hwy's own -inl headers for
// the new HWY_TARGET, whose operations are then included.
#ifdef HWY_TARGET_TOGGLE
#undef HWY_TARGET_TOGGLE
#else
#define HWY_TARGET_TOGGLE
#endif
#include <hwy/highway.h>
