/*
 * Migration streams, and what becomes of them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QTEST_CXL_STREAM_H
#define QTEST_CXL_STREAM_H

/**
 * StreamSection: the state of one of our devices
 * @name: as in the stream: where the device is, and its type
 * @start, @end: its bytes, from the first that the device reads
 */
typedef struct StreamSection {
    char *name;
    size_t start;
    size_t end;
} StreamSection;

/* A stream in a file, @bytes as it was saved; free it by stream_free() */
typedef struct Stream {
    GByteArray *bytes;
    GArray *sections;
} Stream;

Stream *stream_read(const char *path);
void stream_free(Stream *s);
/*
 * Write @s to @path after something was done to one section of it, all of it
 * decided by @rand; returns what, to be freed
 */
char *stream_write_mutated(const Stream *s, const char *path, GRand *rand);

#endif /* QTEST_CXL_STREAM_H */
