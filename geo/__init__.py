"""Pure spatial analysis: functions on frames and arrays, no files, no network, no clock."""
