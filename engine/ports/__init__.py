"""Host ports: which are free, and keeping those that are published from everyone else."""

from engine.ports.reservations import PortInUse, Reservation, Reservations

__all__ = ["PortInUse", "Reservation", "Reservations"]
