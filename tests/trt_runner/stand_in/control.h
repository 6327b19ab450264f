#pragma once

#include <cuda_runtime_api.h>

#include <atomic>

/// What tests see and do of the stand-in for CUDA's runtime library. Its streams do nothing until somebody
/// waits, so that a wait that is missing shows.
struct StandInCuda {
  std::atomic<int> device_blocks = 0;
  std::atomic<int> pinned_blocks = 0;
  std::atomic<int> streams = 0;
  std::atomic<int> events = 0;
  std::atomic<int> graphs = 0;
  std::atomic<int> copies_out = 0;         ///< from device to host
  std::atomic<int> launches = 0;           ///< of graphs
  std::atomic<int> captures = 0;           ///< that succeeded
  std::atomic<int> mallocs_left = -1;      ///< until cudaMalloc finds no memory; -1: always enough
  std::atomic<int> host_allocs_left = -1;  ///< the same for cudaHostAlloc
  /// What calls on a stream that was destroyed tell.
  std::atomic<int> gone = cudaErrorInvalidResourceHandle;
  std::atomic<bool> refuse_capture = false;
  std::atomic<cudaStream_t> forbid_capture_on = nullptr;  ///< as the default stream always is
  std::atomic<bool> hold = false;     ///< whoever waits for a stream waits until this is over
  std::atomic<bool> is_held = false;  ///< somebody does
  std::atomic<int> fail_wait = 0;     ///< the error that the next wait for a stream tells
};

extern "C" {
StandInCuda* stand_in_cuda();
/// Adds a call of `function` with a copy of `size` bytes (up to 480) to a stream; false if that is gone.
bool stand_in_enqueue(cudaStream_t stream, void (*function)(const void*), const void* argument,
                      unsigned long size);
}
