package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificate is the pages' TLS certificate with its key, read again when the files change: a renewal needs no restart. Where
// the new pair does not fit, the old one stays in use and the log says why.
type certificate struct {
	cert, key string
	log       *slog.Logger

	mu     sync.Mutex
	loaded *tls.Certificate
	stamp  [2]stamp
	looked time.Time
}

// stamp tells one content of a file from another.
type stamp struct {
	size int64
	mod  time.Time
}

// lookEvery is how often at most the files are looked at: a handshake costs more than a stat, but there may be many.
const lookEvery = time.Second

func loadCertificate(cert, key string, log *slog.Logger) (*certificate, error) {
	c := &certificate{cert: cert, key: key, log: log}
	s, err := c.stamps()
	if err != nil {
		return nil, fmt.Errorf("TLS certificate: %w", err)
	}
	x, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, hint(fmt.Errorf("TLS certificate: %w", err), "--tls-cert takes the certificate with its chain and --tls-key its key, both in PEM")
	}
	c.loaded, c.stamp, c.looked = &x, s, time.Now()
	return c, nil
}

func (c *certificate) stamps() (s [2]stamp, err error) {
	for i, f := range []string{c.cert, c.key} {
		fi, err := os.Stat(f)
		if err != nil {
			return s, err
		}
		s[i] = stamp{fi.Size(), fi.ModTime()}
	}
	return s, nil
}

// get implements tls.Config.GetCertificate.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) < lookEvery {
		return c.loaded, nil
	}
	c.looked = time.Now()
	s, err := c.stamps()
	if err == nil && s == c.stamp {
		return c.loaded, nil
	}
	var x tls.Certificate
	if err == nil {
		x, err = tls.LoadX509KeyPair(c.cert, c.key)
	}
	if err != nil { // half of a renewal may be on disk: it is tried again
		c.log.Error("the renewed TLS certificate cannot be used; the old one stays", "err", err)
		return c.loaded, nil
	}
	c.loaded, c.stamp = &x, s
	c.log.Info("TLS certificate read again", "subject", x.Leaf.Subject.CommonName, "until", x.Leaf.NotAfter)
	return c.loaded, nil
}

// config: TLS 1.3 only, as every browser that is still maintained speaks it; hybrid post-quantum first.
func (c *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS13, GetCertificate: c.get, NextProtos: []string{"h2", "http/1.1"}}
}
