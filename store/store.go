// Package store keeps what a node holds in SQLite: log entries, tiles, checkpoints, encrypted parts, and the tables that can
// be rebuilt from them. It decides nothing.
package store

import (
	"context"
	"database/sql"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

//go:embed schema/*.sql
var schema embed.FS

// ErrNewer: the database was written by a newer version of this program.
var ErrNewer = errors.New("the database is newer than this program")

// ErrNotFound: no such row.
var ErrNotFound = errors.New("not found")

// ErrCorrupt: the database does not hold what it held.
var ErrCorrupt = errors.New("the database is damaged")

// Files of a node's folder that this package owns.
const (
	File    = "entente.db"
	KeyFile = "parts.keys"
)

// Store is one node's database. One goroutine at a time writes, through Update; readers go on beside it.
type Store struct {
	dir  string
	db   *sql.DB // readers
	w    *sql.DB
	conn *sql.Conn // the writer's
	keys *keyFile
	mu   sync.Mutex // held by the writer
	stmt map[string]*sql.Stmt
	rmu  sync.Mutex
	read map[string]*sql.Stmt
	idle chan *readConn // of snapshots; nil: not opened yet
}

// Open opens or makes the database in a folder, brings its schema up to date, and unlocks the key file with the node's key.
func Open(ctx context.Context, dir string, kek [32]byte) (*Store, error) {
	return openDir(ctx, dir, &kek)
}

// openDir with a nil key opens a database that is read without its parts.
func openDir(ctx context.Context, dir string, kek *[32]byte) (*Store, error) {
	path := filepath.Join(dir, File)
	if err := precreate(path); err != nil {
		return nil, err
	}
	q := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "secure_delete(ON)",
		fmt.Sprintf("busy_timeout(%d)", busyMillis), fmt.Sprintf("cache_size(-%d)", writerCache), "wal_autocheckpoint(4000)"}}
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
	w, err := sql.Open("sqlite", dsn+"&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	w.SetMaxOpenConns(1)
	s := &Store{dir: dir, w: w, stmt: map[string]*sql.Stmt{}, read: map[string]*sql.Stmt{}}
	if err := migrate(ctx, w); err != nil {
		return nil, errors.Join(explain(path, err), w.Close())
	}
	if s.conn, err = w.Conn(ctx); err != nil {
		return nil, errors.Join(explain(path, err), w.Close())
	}
	if s.db, err = openReaders(path, "query_only(ON)"); err != nil {
		return nil, errors.Join(err, s.conn.Close(), w.Close())
	}
	s.db.SetMaxOpenConns(2 * maxReaders) // half of them for snapshots
	s.db.SetMaxIdleConns(maxReaders)
	s.idle = make(chan *readConn, maxReaders)
	for range maxReaders {
		s.idle <- nil
	}
	newest, err := newestSlot(s.View(ctx))
	if err == nil && kek != nil {
		s.keys, err = openKeyFile(filepath.Join(dir, KeyFile), *kek, newest)
	}
	if err != nil {
		return nil, errors.Join(explain(path, err), s.Close())
	}
	return s, nil
}

// precreate makes the file with strict permissions before SQLite would make it with wider ones.
func precreate(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	return f.Close()
}

func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	at, err := p.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	src := p.ListSources()
	if newest := src[len(src)-1].Version; at > newest {
		return fmt.Errorf("%w: schema %d, this program knows %d; install the newer program", ErrNewer, at, newest)
	}
	_, err = p.Up(ctx)
	return err
}

// explain turns SQLite's words for damage into what to do.
func explain(path string, err error) error {
	m := err.Error()
	if strings.Contains(m, "malformed") || strings.Contains(m, "not a database") || strings.Contains(m, "NOTADB") {
		return fmt.Errorf("%s: %w; restore it from a backup (entente restore), your peers hold the records since: %w", path, ErrCorrupt, err)
	}
	return fmt.Errorf("%s: %w", path, err)
}

// Close ends all connections. A running Update ends first.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	for _, st := range s.stmt {
		err = errors.Join(err, st.Close())
	}
	s.rmu.Lock()
	for _, st := range s.read {
		err = errors.Join(err, st.Close())
	}
	s.rmu.Unlock()
	for range cap(s.idle) { // snapshots under way end first
		if c := <-s.idle; c != nil {
			err = errors.Join(err, c.close())
		}
	}
	err = errors.Join(err, s.db.Close(), s.conn.Close(), s.w.Close())
	if s.keys != nil {
		err = errors.Join(err, s.keys.close())
	}
	return err
}

// Tx is the writer's transaction. It must not be kept after Update returns.
type Tx struct {
	s      *Store
	ctx    context.Context
	doomed []uint64 // data keys to destroy once the commit is on disk; a crash between leaves one that nothing names
}

// Fault is a point at which a test may let the process die; it runs after the named step. Nil outside tests.
type Fault func(step string)

// Update runs f in one transaction. When it returns nil, everything f wrote is on disk, data keys first; otherwise nothing is.
func (s *Store) Update(ctx context.Context, fault Fault, f func(*Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	tx := &Tx{s: s, ctx: ctx}
	if err := tx.exec("BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	step(fault, "begin")
	err := f(tx)
	if err == nil {
		step(fault, "written")
		err = s.keys.flush()
	}
	if err == nil {
		step(fault, "keys")
		if err = tx.exec("COMMIT"); err == nil {
			step(fault, "commit")
			if err := s.keys.destroy(tx.doomed...); err != nil {
				slog.Error("what was dropped is gone, its data key is not destroyed", "err", err)
			}
			return nil
		}
		err = fmt.Errorf("commit: %w", err)
	}
	if rerr := tx.exec("ROLLBACK"); rerr != nil {
		slog.Error("rollback failed", "err", rerr)
	}
	return err
}

func step(f Fault, name string) {
	if f != nil {
		f(name)
	}
}

func (tx *Tx) prepared(q string) (*sql.Stmt, error) {
	if st, ok := tx.s.stmt[q]; ok {
		return st, nil
	}
	st, err := tx.s.conn.PrepareContext(tx.ctx, q)
	if err == nil {
		tx.s.stmt[q] = st
	}
	return st, err
}

func (tx *Tx) exec(q string, args ...any) error {
	st, err := tx.prepared(q)
	if err != nil {
		return err
	}
	_, err = st.ExecContext(tx.ctx, args...)
	return err
}

func (tx *Tx) query(q string, args ...any) (*sql.Rows, error) {
	st, err := tx.prepared(q)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(tx.ctx, args...)
}

// reader lets the same query run inside the writer's transaction and beside it.
type reader interface {
	query(q string, args ...any) (*sql.Rows, error)
	store() *Store
}

// Reading is either a View, which reads what is committed, or a Tx, which reads what it is about to commit too.
type Reading = reader

// View reads what is committed. Outside a snapshot it may be used by any number of goroutines, but not from within the rows
// of another query of it: each query holds a connection, and there are few.
type View struct {
	s    *Store
	ctx  context.Context
	conn *readConn // of a snapshot; nil: any
}

// readConn is a connection of snapshots with its own prepared statements, so that a snapshot never waits for a second one.
type readConn struct {
	conn *sql.Conn
	stmt map[string]*sql.Stmt
}

// View returns a reader bound to ctx.
func (s *Store) View(ctx context.Context) *View { return &View{s: s, ctx: ctx} }

func (v *View) query(q string, args ...any) (*sql.Rows, error) {
	prepared := v.s.prepared
	if v.conn != nil {
		prepared = v.conn.prepared
	}
	st, err := prepared(v.ctx, q)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(v.ctx, args...)
}

func (s *Store) prepared(ctx context.Context, q string) (*sql.Stmt, error) {
	s.rmu.Lock()
	defer s.rmu.Unlock()
	if st, ok := s.read[q]; ok {
		return st, nil
	}
	st, err := s.db.PrepareContext(context.WithoutCancel(ctx), q)
	if err == nil {
		s.read[q] = st
	}
	return st, err
}

func (c *readConn) prepared(ctx context.Context, q string) (*sql.Stmt, error) {
	if st, ok := c.stmt[q]; ok {
		return st, nil
	}
	st, err := c.conn.PrepareContext(context.WithoutCancel(ctx), q)
	if err == nil {
		c.stmt[q] = st
	}
	return st, err
}

func (v *View) store() *Store { return v.s }
func (tx *Tx) store() *Store  { return tx.s }

// Snapshot runs f on one unchanging view of what is committed. The view must not be used after f, nor by two goroutines; f must
// not ask for another snapshot.
func (s *Store) Snapshot(ctx context.Context, f func(*View) error) error {
	var c *readConn
	select {
	case c = <-s.idle:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.idle <- c }()
	if c == nil {
		conn, err := s.db.Conn(ctx)
		if err != nil {
			return err
		}
		c = &readConn{conn, map[string]*sql.Stmt{}}
	}
	if len(c.stmt) > maxStatements { // here, where none of them runs
		for q, st := range c.stmt {
			_ = st.Close()
			delete(c.stmt, q)
		}
	}
	if _, err := c.conn.ExecContext(ctx, "BEGIN"); err != nil {
		err = errors.Join(err, c.close())
		c = nil
		return err
	}
	defer func() {
		if _, err := c.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); err != nil {
			_ = c.close() // the next one opens another
			c = nil
		}
	}()
	return f(&View{s: s, ctx: ctx, conn: c})
}

func (c *readConn) close() error {
	var err error
	for _, st := range c.stmt {
		err = errors.Join(err, st.Close())
	}
	return errors.Join(err, c.conn.Close())
}

// each runs f on every row.
func each(r reader, f func(*sql.Rows) error, q string, args ...any) error {
	rows, err := r.query(q, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// one scans the single row of a query; ErrNotFound where there is none.
func one(r reader, dest []any, q string, args ...any) error {
	found := false
	err := each(r, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(dest...)
	}, q, args...)
	if err == nil && !found {
		err = ErrNotFound
	}
	return err
}

// Pos is a record's place in the database: log and index in one number.
type Pos int64

// PosOf packs a log and an index.
func PosOf(log int64, index uint64) Pos { return Pos(log<<indexBits | int64(index)) }

// Log is the log's row.
func (p Pos) Log() int64 { return int64(p) >> indexBits }

// Index is the index in the log.
func (p Pos) Index() uint64 { return uint64(p) & (1<<indexBits - 1) }

func key8(b []byte) int64 { return int64(binary.BigEndian.Uint64(b)) }
