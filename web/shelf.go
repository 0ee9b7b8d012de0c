package web

import "sync"

// shelf keeps what an official has uploaded and not decided on yet: in memory only, one thing per session, each for a bounded
// time, and no more of them than the machine can hold. What is on it is not changed: a new one takes its place.
type shelf[T any] struct {
	now  func() int64
	most int
	mu   sync.Mutex
	by   map[string]kept[T]
}

type kept[T any] struct {
	thing T
	used  int64
}

func newShelf[T any](now func() int64, most int) *shelf[T] {
	return &shelf[T]{now: now, most: most, by: map[string]kept[T]{}}
}

// put keeps a thing in the place of the session's last one. It reports false when the shelf is full of others'.
func (s *shelf[T]) put(session string, thing T) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	if _, mine := s.by[session]; !mine && len(s.by) >= s.most {
		return false
	}
	s.by[session] = kept[T]{thing, s.now()}
	return true
}

// get finds the session's thing.
func (s *shelf[T]) get(session string) (T, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	k, ok := s.by[session]
	if ok {
		k.used = s.now()
		s.by[session] = k
	}
	return k.thing, ok
}

func (s *shelf[T]) drop(session string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.by, session)
}

func (s *shelf[T]) expire() {
	for session, k := range s.by {
		if s.now()-k.used > shelfLife {
			delete(s.by, session)
		}
	}
}
