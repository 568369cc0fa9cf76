#ifndef PPLCNET_COMPILED_HPP
#define PPLCNET_COMPILED_HPP

// Header-only is the default: nothing is defined and nothing is linked. A program of many files
// compiles the kernels and all that is no template once instead: PPLCNET_COMPILED is defined for
// all of its files (CMake's target pplcnet::compiled does that), and one of them is pplcnet.cpp,
// which has the definitions of the functions that the headers declare as PPLCNET_INLINE.
#if (defined(PPLCNET_IMPLEMENTATION) || defined(PPLCNET_QUANTISED_IMPLEMENTATION) || \
     defined(PPLCNET_TRAINING_IMPLEMENTATION)) &&                                    \
    !defined(PPLCNET_COMPILED)
#define PPLCNET_COMPILED
#endif

#if defined(PPLCNET_COMPILED)
#define PPLCNET_INLINE
#else
#define PPLCNET_INLINE inline
#endif

// Whether this file has those definitions, and includes what only they need.
#if !defined(PPLCNET_COMPILED) || defined(PPLCNET_IMPLEMENTATION)
#define PPLCNET_HAS_DEFINITIONS 1
#else
#define PPLCNET_HAS_DEFINITIONS 0
#endif

// The same for graphs in files (ONNX, Paddle, ncnn) and for pplcnet/open/, which finds out what a
// file is. They need more packages than all others, so open/open.cpp is a file of its own (CMake's
// target pplcnet::open).
#if !defined(PPLCNET_COMPILED) || defined(PPLCNET_OPEN_IMPLEMENTATION)
#define PPLCNET_HAS_OPEN_DEFINITIONS 1
#else
#define PPLCNET_HAS_OPEN_DEFINITIONS 0
#endif

// The same for the kernels of networks in bytes, which programs without any do not have: the file
// is quantised.cpp (CMake's target pplcnet::quantised).
#if !defined(PPLCNET_COMPILED)
#define PPLCNET_QUANTISED_INLINE inline
#else
#define PPLCNET_QUANTISED_INLINE
#endif
#if !defined(PPLCNET_COMPILED) || defined(PPLCNET_QUANTISED_IMPLEMENTATION)
#define PPLCNET_HAS_QUANTISED_DEFINITIONS 1
#else
#define PPLCNET_HAS_QUANTISED_DEFINITIONS 0
#endif

// The same for training, which programs that only predict do not have: the file is training.cpp
// (CMake's target pplcnet::training).
#if !defined(PPLCNET_COMPILED)
#define PPLCNET_TRAINING_INLINE inline
#else
#define PPLCNET_TRAINING_INLINE
#endif
#if !defined(PPLCNET_COMPILED) || defined(PPLCNET_TRAINING_IMPLEMENTATION)
#define PPLCNET_HAS_TRAINING_DEFINITIONS 1
#else
#define PPLCNET_HAS_TRAINING_DEFINITIONS 0
#endif

#endif  // PPLCNET_COMPILED_HPP
