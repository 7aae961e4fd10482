package StockVerify::Reservation;

# Loopback ports (and database numbers of a shared Redis) that several stacks take at once, without taking the same.
# A name is reserved by a file in a folder of the user's, which holds the run directory it is for; a reservation whose
# run directory is gone is free again.

use strict;
use warnings;
use Exporter 'import';
use Fcntl qw(:DEFAULT :flock);
use IO::Socket::INET;

our @EXPORT_OK = qw(reserve_port reserve_name release_all port_is_free);

# Below the range the kernel takes the ports of outgoing connections from.
my ($FIRST_PORT, $LAST_PORT) = (18_000, 31_999);

sub folder {
    my $folder = ($ENV{TMPDIR} // '/tmp') . "/stockverify-$<";
    mkdir $folder, 0700;
    my @stat = lstat $folder;
    die "$folder is not a folder of this user's\n" unless @stat && -d _ && $stat[4] == $<;
    return $folder;
}

sub locked {
    my ($work) = @_;
    my $folder = folder();
    sysopen my $lock, "$folder/lock", O_RDWR | O_CREAT, 0600 or die "$folder/lock: $!\n";
    flock $lock, LOCK_EX or die "$folder/lock: $!\n";
    return $work->($folder);
}

sub owner {
    my ($file) = @_;
    open my $in, '<', $file or return;
    my $owner = <$in> // '';
    chomp $owner;
    return -d $owner ? $owner : undef;
}

sub take {
    my ($file, $directory) = @_;
    return 0 if defined owner($file);
    open my $out, '>', $file or die "$file: $!\n";
    print {$out} "$directory\n";
    close $out or die "$file: $!\n";
    return 1;
}

# Whether 127.0.0.1 can be listened on at this port; when not, $! says why.
sub port_is_free {
    my ($port) = @_;
    return defined IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 1, ReuseAddr => 1);
}

# A free port, reserved for the run directory.
sub reserve_port {
    my ($directory) = @_;
    return locked(
        sub {
            my ($folder) = @_;
            my $count = $LAST_PORT - $FIRST_PORT + 1;
            my $offset = int rand $count;
            for my $step (0 .. $count - 1) {
                my $port = $FIRST_PORT + ($offset + $step) % $count;
                next if defined owner("$folder/port-$port") || !port_is_free($port);
                return $port if take("$folder/port-$port", $directory);
            }
            die "no free port between $FIRST_PORT and $LAST_PORT\n";
        }
    );
}

# True when the name was free and now is this run directory's.
sub reserve_name {
    my ($directory, $name) = @_;
    $name =~ s/[^\w.-]/_/g;
    return locked(sub { take("$_[0]/$name", $directory) });
}

sub release_all {
    my ($directory) = @_;
    return locked(
        sub {
            my ($folder) = @_;
            opendir my $names, $folder or die "$folder: $!\n";
            for my $file (map { "$folder/$_" } grep { /-/ } readdir $names) {
                unlink $file if (owner($file) // $directory) eq $directory;
            }
            return;
        }
    );
}

1;
