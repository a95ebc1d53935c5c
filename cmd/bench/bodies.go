package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"os"
)

// A body is what one request carries.
type body struct {
	entries int64
	bytes   []byte
}

// bodyWriter puts bodies into a file: the entries and the length of each in four bytes, then the bytes.
type bodyWriter struct {
	f *os.File
	w *bufio.Writer
}

func createBodies(path string) (*bodyWriter, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &bodyWriter{f, bufio.NewWriterSize(f, 1<<20)}, nil
}

func (w *bodyWriter) add(entries int64, bytes []byte) error {
	var head [8]byte
	binary.BigEndian.PutUint32(head[:4], uint32(entries))
	binary.BigEndian.PutUint32(head[4:], uint32(len(bytes)))
	_, err := w.w.Write(head[:])
	if err != nil {
		return err
	}
	_, err = w.w.Write(bytes)
	return err
}

func (w *bodyWriter) Close() error { return errors.Join(w.w.Flush(), w.f.Close()) }

// readBodies reads all into memory.
func readBodies(path string) ([]body, error) {
	all, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var bodies []body
	for len(all) > 0 {
		if len(all) < 8 {
			return nil, io.ErrUnexpectedEOF
		}
		entries, size := binary.BigEndian.Uint32(all), int(binary.BigEndian.Uint32(all[4:]))
		if all = all[8:]; len(all) < size {
			return nil, io.ErrUnexpectedEOF
		}
		bodies = append(bodies, body{int64(entries), all[:size:size]})
		all = all[size:]
	}
	return bodies, nil
}
