package StockVerify::Interrupt;

# ^C, a TERM, or a terminal that closes, to a program that has begun what it must not leave half done: it dies where it
# is, as of a fault, and so comes by all that cleans up. Code that catches what others die of (HTTP::Tiny does) calls
# `check` later. A minimal Debian has what this file needs.

use strict;
use warnings;
use POSIX ();

my @SIGNALS = qw(INT TERM HUP);
my ($caught, $came);

# From now on, until the program ends.
sub catch {
    $caught = 1;
    $SIG{$_} = \&stop for @SIGNALS;
    return;
}

sub note { ($came) = @_; return }

sub stop {
    note(@_);
    die "interrupted\n";
}

# The name of the signal that came.
sub came { return $came }

sub check {
    die "interrupted\n" if defined $came;
    return;
}

# Does what must be whole before an interrupt counts.
sub hold {
    my ($work) = @_;
    my $result;
    {
        local @SIG{@SIGNALS} = (\&note) x @SIGNALS if $caught;
        $result = $work->();
    }
    check();
    return $result;
}

# What the rest of this program does is not interrupted any more.
sub ignore {
    $SIG{$_} = 'IGNORE' for @SIGNALS;
    return;
}

# Runs a command (of one word: by the shell) to its end; true when it succeeded. An interrupt of this program ends it,
# and one that ended it, which perl's system() would keep from this program, is one of this program.
sub run {
    my (@command) = @_;
    return ended(begin(@command));
}

# Whether what began as this process succeeded, once it has ended.
sub ended {
    my ($pid) = @_;
    if (!eval { check(); waitpid $pid, 0; 1 }) {
        my $why = $@;
        kill TERM => $pid;
        waitpid $pid, 0;
        die $why;
    }
    stop('INT') if ($? & 127) == POSIX::SIGINT() || $? >> 8 == 128 + POSIX::SIGINT();
    return $? == 0;
}

sub begin {
    my (@command) = @_;
    return forked(sub {
        $SIG{$_} = 'DEFAULT' for @SIGNALS;
        { no warnings 'exec'; exec @command }
        return 127;
    });
}

# The work of a function, in a process of its own. What it dies of, other than an interrupt, is told.
sub begin_work {
    my ($work) = @_;
    return forked(sub {
        catch();
        return 0 if eval { $work->(); 1 };
        print {*STDERR} $@ unless defined $came;
        return 1;
    });
}

sub forked {
    my ($work) = @_;
    local @SIG{@SIGNALS} = (\&note) x @SIGNALS if $caught;
    my $pid = fork // die "fork: $!\n";
    return $pid if $pid;
    POSIX::_exit(defined $came ? 1 : $work->());
}

1;
