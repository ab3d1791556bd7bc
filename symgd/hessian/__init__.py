"""Second derivatives: the slope of the slope, whether the loss is convex, and how steep its slope can get."""

from symgd.hessian.curve import Curvature, curvature
from symgd.hessian.majorant import Majorant
from symgd.hessian.product import Product, hessian_product

__all__ = ["Curvature", "Majorant", "Product", "curvature", "hessian_product"]
